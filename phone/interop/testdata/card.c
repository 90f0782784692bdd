/*
 * A sound card for peers that know no files: an ALSA plugin whose microphone
 * is a file and whose earpiece is another, both 16-bit mono, paced by the
 * clock. (Of two channels both are the microphone; the first is recorded.) The tests build it and name it in the peer's .asoundrc:
 *
 *	pcm_type.files { lib "/path/of/card.so" }
 *	pcm.files { type files rate 8000 play "says.raw" record "heard.raw" }
 *
 * It never reports an overrun. When the program was late, the microphone's
 * time stood still, and the record gets silence for what was not played.
 */
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct card {
	snd_pcm_ioplug_t io;
	int file, timer;
	unsigned rate;
	int64_t start;		/* ns; when frame 0 was due; 0: it does not run */
	snd_pcm_sframes_t done;	/* frames that the program wrote or read */
};

static int64_t now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int card_prepare(snd_pcm_ioplug_t *io)
{
	struct card *c = io->private_data;
	c->done = 0;
	c->start = 0;
	return 0;
}

static int card_start(snd_pcm_ioplug_t *io)
{
	struct card *c = io->private_data;
	/* A tick per period; the pointer says how much time went by. */
	long ns = (long)(1e9 * io->period_size / c->rate);
	struct itimerspec t = { { 0, ns }, { 0, ns } };
	c->start = now();
	return timerfd_settime(c->timer, 0, &t, NULL) < 0 ? -errno : 0;
}

static int card_stop(snd_pcm_ioplug_t *io)
{
	struct card *c = io->private_data;
	struct itimerspec t = { { 0, 0 }, { 0, 0 } };
	timerfd_settime(c->timer, 0, &t, NULL);
	c->start = 0;
	return 0;
}

static snd_pcm_sframes_t card_pointer(snd_pcm_ioplug_t *io)
{
	struct card *c = io->private_data;
	static const int16_t silence[4800];
	if (c->start == 0)
		return 0;
	/* A player can at most have been heard to the end, a recorder be a buffer behind. */
	snd_pcm_sframes_t at = (now() - c->start) * c->rate / 1000000000;
	snd_pcm_sframes_t most = c->done;
	if (io->stream == SND_PCM_STREAM_CAPTURE)
		most += io->buffer_size;
	if (at > most) {
		snd_pcm_sframes_t late = at - most;
		c->start += late * 1000000000 / c->rate;
		at = most;
		while (io->stream == SND_PCM_STREAM_PLAYBACK && c->file >= 0 && late > 0) {
			snd_pcm_sframes_t n = late < 4800 ? late : 4800;
			if (write(c->file, silence, n * 2) < 0)
				break;
			late -= n;
		}
	}
	return at;
}

static int16_t *sample(const snd_pcm_channel_area_t *areas, unsigned channel, snd_pcm_uframes_t frame)
{
	return (int16_t *)((char *)areas[channel].addr + (areas[channel].first + frame * areas[channel].step) / 8);
}

static snd_pcm_sframes_t card_transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
				       snd_pcm_uframes_t offset, snd_pcm_uframes_t size)
{
	struct card *c = io->private_data;
	int16_t mono[1024];
	snd_pcm_uframes_t i;
	unsigned channel;
	if (size > 1024)
		size = 1024;
	memset(mono, 0, sizeof(mono));
	if (io->stream == SND_PCM_STREAM_CAPTURE) {
		if (c->file >= 0 && read(c->file, mono, size * 2) < 0)
			return -errno;
		for (i = 0; i < size; i++)
			for (channel = 0; channel < io->channels; channel++)
				*sample(areas, channel, offset + i) = mono[i];
	} else {
		for (i = 0; i < size; i++)
			mono[i] = *sample(areas, 0, offset + i);
		if (c->file >= 0 && write(c->file, mono, size * 2) < 0)
			return -errno;
	}
	c->done += size;
	return size;
}

static int card_revents(snd_pcm_ioplug_t *io, struct pollfd *fd, unsigned n, unsigned short *revents)
{
	struct card *c = io->private_data;
	uint64_t ticks;
	snd_pcm_sframes_t avail;
	if (read(c->timer, &ticks, sizeof(ticks)) < 0 && errno != EAGAIN)
		return -errno;
	avail = snd_pcm_avail_update(io->pcm);
	*revents = 0;
	if (avail < 0)
		*revents = POLLERR;
	else if (avail >= (snd_pcm_sframes_t)io->period_size)
		*revents = io->stream == SND_PCM_STREAM_CAPTURE ? POLLIN : POLLOUT;
	return 0;
}

static int card_close(snd_pcm_ioplug_t *io)
{
	struct card *c = io->private_data;
	close(c->timer);
	if (c->file >= 0)
		close(c->file);
	free(c);
	return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
	.prepare = card_prepare,
	.start = card_start,
	.stop = card_stop,
	.pointer = card_pointer,
	.transfer = card_transfer,
	.poll_revents = card_revents,
	.close = card_close,
};

SND_PCM_PLUGIN_DEFINE_FUNC(files)
{
	snd_config_iterator_t i, next;
	const char *play = NULL, *record = NULL;
	long rate = 8000;
	struct card *c;
	int err;

	snd_config_for_each(i, next, conf) {
		snd_config_t *n = snd_config_iterator_entry(i);
		const char *id;
		if (snd_config_get_id(n, &id) < 0)
			continue;
		if (!strcmp(id, "play"))
			snd_config_get_string(n, &play);
		else if (!strcmp(id, "record"))
			snd_config_get_string(n, &record);
		else if (!strcmp(id, "rate"))
			snd_config_get_integer(n, &rate);
	}
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	c->rate = rate;
	c->file = -1;
	if (stream == SND_PCM_STREAM_CAPTURE && play)
		c->file = open(play, O_RDONLY | O_CLOEXEC);
	if (stream == SND_PCM_STREAM_PLAYBACK && record)
		c->file = open(record, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	c->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	c->io.version = SND_PCM_IOPLUG_VERSION;
	c->io.name = "files";
	c->io.callback = &callbacks;
	c->io.private_data = c;
	/* The pointer goes on for ever; within the buffer, a whole one played between two looks would be none. */
	c->io.flags = SND_PCM_IOPLUG_FLAG_BOUNDARY_WA;
	c->io.poll_fd = c->timer;
	c->io.poll_events = POLLIN;
	err = snd_pcm_ioplug_create(&c->io, name, stream, mode);
	if (err < 0)
		goto fail;
	{
		unsigned format = SND_PCM_FORMAT_S16_LE, access[] = { SND_PCM_ACCESS_RW_INTERLEAVED };
		if ((err = snd_pcm_ioplug_set_param_list(&c->io, SND_PCM_IOPLUG_HW_ACCESS, 1, access)) < 0 ||
		    (err = snd_pcm_ioplug_set_param_list(&c->io, SND_PCM_IOPLUG_HW_FORMAT, 1, &format)) < 0 ||
		    (err = snd_pcm_ioplug_set_param_minmax(&c->io, SND_PCM_IOPLUG_HW_CHANNELS, 1, 2)) < 0 ||
		    (err = snd_pcm_ioplug_set_param_minmax(&c->io, SND_PCM_IOPLUG_HW_RATE, rate, rate)) < 0 ||
		    (err = snd_pcm_ioplug_set_param_minmax(&c->io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 160, 8192)) < 0 ||
		    (err = snd_pcm_ioplug_set_param_minmax(&c->io, SND_PCM_IOPLUG_HW_PERIODS, 2, 32)) < 0) {
			snd_pcm_ioplug_delete(&c->io); /* closes, and frees c */
			return err;
		}
	}
	*pcmp = c->io.pcm;
	return 0;
fail:
	close(c->timer);
	if (c->file >= 0)
		close(c->file);
	free(c);
	return err;
}

SND_PCM_PLUGIN_SYMBOL(files);
