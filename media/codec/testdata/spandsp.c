// Runs sound through a codec of spandsp, which has its own: spandsp gsm|g722 encode|decode, from standard input to output.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spandsp.h>

enum { MOST = 1 << 20 };

int main(int argc, char **argv) {
    static int16_t pcm[2 * MOST];
    static uint8_t code[2 * MOST];
    if (argc != 3) return 2;
    int gsm = !strcmp(argv[1], "gsm"), encode = !strcmp(argv[2], "encode");
    if (encode) {
        int n = fread(pcm, sizeof *pcm, MOST, stdin);
        n = gsm ? gsm0610_encode(gsm0610_init(NULL, GSM0610_PACKING_VOIP), code, pcm, n)
                : g722_encode(g722_encode_init(NULL, 64000, 0), code, pcm, n);
        return n < 0 || fwrite(code, 1, n, stdout) != (size_t)n;
    }
    int n = fread(code, 1, MOST / 8, stdin); // a byte of GSM is nearly five samples
    n = gsm ? gsm0610_decode(gsm0610_init(NULL, GSM0610_PACKING_VOIP), pcm, code, n)
            : g722_decode(g722_decode_init(NULL, 64000, 0), pcm, code, n);
    return n < 0 || fwrite(pcm, sizeof *pcm, n, stdout) != (size_t)n;
}
