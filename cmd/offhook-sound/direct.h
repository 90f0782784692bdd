// What PortAudio's callback does, in C, so that no scheduler has to wake up for it: a call is a hundred callbacks a second.
#ifndef OFFHOOK_DIRECT_H
#define OFFHOOK_DIRECT_H

#include <portaudio.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SLOTS = 8, MAX_PERIOD = 480, RING_MAGIC = 0x4F666648, RING_LAYOUT = 1 };

// The ring: package offhook/media/sound/ring, where all is explained, has the same layout.
struct slot {
    _Atomic uint64_t seq;
    int16_t pcm[MAX_PERIOD];
};

struct ring {
    _Atomic uint32_t magic, layout, period;
    uint8_t unused1[52];

    _Atomic uint64_t callbacks;
    _Atomic int64_t last_call;
    _Atomic uint64_t underruns, lost, mic_gaps, under, over, realtime;

    _Atomic uint64_t tail;
    uint8_t unused2[56];

    struct slot mic[SLOTS];
    struct slot play[SLOTS];
};

// A microphone: samples wait in the card's own buffer until the output's callback takes them. A stream of PortAudio, but
// for tests. Neither function waits.
struct microphone {
    void *of;
    long (*waiting)(void *of);                       // samples, negative when it is out of order
    int (*read)(void *of, int16_t *to, long samples); // 0, positive when something was lost before them, or negative
};

// The callback's state. Once the stream runs, only microphone is touched by other threads than the callback's.
struct direct {
    struct ring *ring;
    int wake; // eventfd(2), counted up after each callback
    int channels, priority;
    long period;     // samples
    uint64_t n;      // callbacks so far
    bool promoted;
    _Atomic(struct microphone *) microphone;
    int waited;      // callbacks since the microphone is open and has given nothing
    bool begun;      // it has
    long least;      // samples that were left over at least since the last review
    int count;       // callbacks since then
    int16_t quiet[MAX_PERIOD], taken[MAX_PERIOD], next[MAX_PERIOD];
    int16_t made[MAX_PERIOD]; // of which the last left samples were not wanted yet
    size_t left;

    PaStream *output, *input;
    struct microphone card;
};

// direct_init makes the state for a ring of so many bytes; it returns false when that has another layout.
bool direct_init(struct direct *d, void *ring, size_t size, int wake, int channels, int priority);

// direct_cycle is one callback: it fills frames of all channels.
void direct_cycle(struct direct *d, int16_t *out, unsigned long frames, bool gap);

// Both open and start a stream, and return PortAudio's error.
PaError direct_play(struct direct *d, int device, double rate, int frames, double latency);
PaError direct_capture(struct direct *d, int device, double rate, int frames, double latency);

// Both end one, and wait for its callback; that of the output goes first.
PaError direct_end_play(struct direct *d);
PaError direct_end_capture(struct direct *d);

#endif
