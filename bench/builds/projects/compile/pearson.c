/* A table of sixteen numbers, one step for every half byte, as Pearson's. */
#include "checksums.h"

#define DEFINE(bits, stride) \
	static uint64_t checksum_##bits##_##stride(const unsigned char *data, size_t size) \
	{ \
		static const unsigned char table[16] = {9, 4, 14, 2, 11, 0, 7, 13, 1, 15, 6, 10, 3, 12, 8, 5}; \
		uint64_t sum = 0; \
		for (size_t at = 0; at < size; at += (stride)) { \
			const unsigned low = table[(sum ^ data[at]) & 15]; \
			const unsigned high = table[((sum >> 4) ^ (data[at] >> 4)) & 15]; \
			sum = ((sum << 5) ^ (sum >> 3) ^ (high << 4 | low)) & MASK(bits); \
		} \
		return sum; \
	}

FAMILY(pearson)
