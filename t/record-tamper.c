/* SPDX-License-Identifier: MIT
 * t/record-tamper.c - another byte in a recording, with its checksum made right
 *
 * record-tamper FROM TO PATTERN OFFSET BYTE: the byte OFFSET behind the beginning of the
 * first PATTERN in the stream of entries. Exit code 1 if there is none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#define HEAD 16

static size_t get(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return b[0] | (size_t)b[1] << 8 | (size_t)b[2] << 16 | (size_t)b[3] << 24;
}

static void sum(char *block)
{
	XXH64_hash_t h = XXH3_64bits_withSeed(block + HEAD, get(block), get(block + 4));

	for (int i = 0; i < 8; i++)
		block[8 + i] = (char)(h >> 8 * i);
}

/* Within one block; a pattern that goes over an end is not found. */
static int tamper(char *file, size_t n, const char *pattern, size_t offset, char byte)
{
	for (size_t at = HEAD; at + HEAD <= n; at += HEAD + get(file + at)) {
		char *in = memmem(file + at + HEAD, get(file + at), pattern, strlen(pattern));

		if (!in)
			continue;
		in[offset] = byte;
		sum(file + at);
		return 0;
	}
	fprintf(stderr, "no %s\n", pattern);
	return 1;
}

int main(int argc, char **argv)
{
	static char file[64 << 20];
	FILE *f = argc == 6 ? fopen(argv[1], "rb") : NULL;
	size_t n = f ? fread(file, 1, sizeof file, f) : 0;
	int rc;

	if (!f || fclose(f))
		return 2;
	rc = tamper(file, n, argv[3], strtoul(argv[4], NULL, 10), argv[5][0]);
	f = rc ? NULL : fopen(argv[2], "wb");
	if (!f || fwrite(file, 1, n, f) != n || fclose(f))
		return rc ? rc : 2;
	return 0;
}
