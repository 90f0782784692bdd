#include "direct_rehearsal.h"

#include <string.h>

static long waiting(void *of) {
    struct rehearsal *r = of;
    return r->broken ? paUnanticipatedHostError : r->length - r->at;
}

static int read(void *of, int16_t *to, long samples) {
    struct rehearsal *r = of;
    memcpy(to, r->heard + r->at, samples * sizeof *to);
    r->at += samples;
    bool lost = r->lost;
    r->lost = false;
    return lost;
}

void rehearse(struct direct *d, struct rehearsal *r) {
    r->microphone = (struct microphone){r, waiting, read};
    atomic_store(&d->microphone, &r->microphone);
}
