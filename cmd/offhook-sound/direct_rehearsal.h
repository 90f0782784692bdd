// A microphone without a card, for tests of the callback.
#ifndef OFFHOOK_DIRECT_REHEARSAL_H
#define OFFHOOK_DIRECT_REHEARSAL_H

#include "direct.h"

struct rehearsal {
    struct microphone microphone;
    int16_t heard[64 * MAX_PERIOD];
    long length, at;
    bool broken; // every question is an error
    bool lost;   // the next read tells of a loss
};

void rehearse(struct direct *d, struct rehearsal *r);

#endif
