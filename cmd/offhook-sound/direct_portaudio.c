#include "direct.h"

static int callback(const void *in, void *out, unsigned long frames, const PaStreamCallbackTimeInfo *time, PaStreamCallbackFlags flags, void *user) {
    (void)in;
    (void)time;
    direct_cycle(user, out, frames, flags & paOutputUnderflow);
    return paContinue;
}

static PaError begin(PaStream **s, PaError err) {
    if (err == paNoError && (err = Pa_StartStream(*s)) != paNoError) Pa_CloseStream(*s);
    if (err != paNoError) *s = NULL;
    return err;
}

PaError direct_play(struct direct *d, int device, double rate, int frames, double latency) {
    PaStreamParameters p = {.device = device, .channelCount = d->channels, .sampleFormat = paInt16, .suggestedLatency = latency};
    return begin(&d->output, Pa_OpenStream(&d->output, NULL, &p, rate, frames, paNoFlag, callback, d));
}

static long waiting(void *stream) { return Pa_GetStreamReadAvailable(stream); }

static int read(void *stream, int16_t *to, long samples) {
    PaError err = Pa_ReadStream(stream, to, samples);
    return err == paInputOverflowed ? 1 : err;
}

// The microphone has no callback: what it hears is read in the output's, which spares a thread its wake-ups.
PaError direct_capture(struct direct *d, int device, double rate, int frames, double latency) {
    PaStreamParameters p = {.device = device, .channelCount = 1, .sampleFormat = paInt16, .suggestedLatency = latency};
    PaError err = begin(&d->input, Pa_OpenStream(&d->input, &p, NULL, rate, frames, paNoFlag, NULL, NULL));
    if (err == paNoError) {
        d->card = (struct microphone){d->input, waiting, read};
        atomic_store_explicit(&d->microphone, &d->card, memory_order_release);
    }
    return err;
}

static PaError end(PaStream **s) {
    PaStream *was = *s;
    if (!was) return paNoError;
    *s = NULL;
    PaError err = Pa_AbortStream(was);
    PaError closed = Pa_CloseStream(was);
    return err == paNoError ? closed : err;
}

PaError direct_end_play(struct direct *d) { return end(&d->output); }

PaError direct_end_capture(struct direct *d) {
    atomic_store(&d->microphone, NULL);
    return end(&d->input);
}
