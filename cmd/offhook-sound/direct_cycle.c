// The sound process's end of the ring and the policy of the microphone, as engine.Server has them in Go for backends that call
// back into Go.
#define _GNU_SOURCE
#include "direct.h"

#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// PATIENCE is how many periods an open microphone may take to give its first: a sound server takes up to two seconds.
// Every REVIEW periods, 2 s, it is considered whether more waits than is ever needed.
enum { PATIENCE = 300, REVIEW = 200 };

bool direct_init(struct direct *d, void *ring, size_t size, int wake, int channels, int priority) {
    memset(d, 0, sizeof *d);
    d->ring = ring;
    d->wake = wake;
    d->channels = channels;
    d->priority = priority;
    d->least = MAX_PERIOD * 1000L;
    if (size < sizeof *d->ring || channels < 1) return false;
    d->period = atomic_load(&d->ring->period);
    d->n = atomic_load(&d->ring->callbacks);
    return atomic_load(&d->ring->magic) == RING_MAGIC && atomic_load(&d->ring->layout) == RING_LAYOUT && d->period > 0 && d->period <= MAX_PERIOD;
}

// take returns the microphone's next period, the quiet one while it has not begun, or NULL when it is missing.
//
// How much waits in the card's buffer settles by itself. When there is not enough, silence goes instead, and from then on
// one more period waits; when for two seconds one was always left, two are blended into one. So no more waits than
// the jitter between the two asks for, and clocks that differ are followed.
static const int16_t *take(struct direct *d, long period) {
    struct microphone *m = atomic_load_explicit(&d->microphone, memory_order_acquire);
    if (!m) return d->quiet;
    long left = m->waiting(m->of) - period;
    if (left < 0) {
        if (!d->begun) return ++d->waited > PATIENCE ? NULL : d->quiet;
        d->least = 0;
        d->count = 0;
        return NULL;
    }
    int lost = m->read(m->of, d->taken, period);
    if (lost) atomic_fetch_add(&d->ring->over, 1);
    if (lost < 0) return NULL;
    if (!d->begun) {
        // What came before the first callback that wants it is old.
        d->begun = true;
        for (; left >= period && m->read(m->of, d->taken, period) >= 0; left -= period);
    }
    if (left < d->least) d->least = left;
    if (++d->count < REVIEW) return d->taken;
    bool spare = d->least >= period;
    d->least = MAX_PERIOD * 1000L;
    d->count = 0;
    if (spare && m->read(m->of, d->next, period) >= 0)
        for (long i = 0; i < period; i++) d->taken[i] = (int16_t)((d->taken[i] * (period - i) + d->next[i] * i) / period);
    return d->taken;
}

// cycle is ring.Device.Cycle.
static void cycle(struct direct *d, const int16_t *mic, int16_t *play, size_t period) {
    struct ring *r = d->ring;
    uint64_t n = ++d->n;
    struct slot *from = &r->play[n % SLOTS];
    if (atomic_load(&from->seq) == n) {
        memcpy(play, from->pcm, period * sizeof *play);
    } else {
        memset(play, 0, period * sizeof *play);
        atomic_fetch_add(&r->underruns, 1);
    }
    if (!mic) {
        mic = d->quiet;
        atomic_fetch_add(&r->mic_gaps, 1);
    }
    // The slot is free once the program is done with what it held before.
    if (n <= SLOTS || atomic_load(&r->tail) >= n - SLOTS) {
        struct slot *to = &r->mic[n % SLOTS];
        memcpy(to->pcm, mic, period * sizeof *mic);
        atomic_store(&to->seq, n);
    } else {
        atomic_fetch_add(&r->lost, 1);
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    atomic_store(&r->last_call, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
    atomic_store(&r->callbacks, n);
}

void direct_cycle(struct direct *d, int16_t *out, unsigned long frames, bool gap) {
    if (!d->promoted) {
        // PortAudio makes its threads itself, so this is the one place to reach them.
        d->promoted = true;
        struct sched_param p = {.sched_priority = d->priority};
        atomic_store(&d->ring->realtime, sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &p) == 0);
    }
    if (gap) atomic_fetch_add(&d->ring->under, 1);
    bool news = false;
    for (; frames; frames--) {
        if (d->left == 0) {
            cycle(d, take(d, d->period), d->made, d->period);
            d->left = d->period;
            news = true;
        }
        int16_t sample = d->made[d->period - d->left--];
        for (int c = 0; c < d->channels; c++) *out++ = sample;
    }
    if (news) {
        uint64_t one = 1;
        if (write(d->wake, &one, sizeof one) < 0) return; // counted so far that it must be awake
    }
}
