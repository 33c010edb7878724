/* Two running sums, as in Adler-32, for any width. */
#include "checksums.h"

#define DEFINE(bits, stride) \
	static uint64_t checksum_##bits##_##stride(const unsigned char *data, size_t size) 	{ \
		const uint64_t modulus = MASK(bits) | 1; \
		uint64_t low = 1, high = 0; \
		for (size_t at = 0; at < size; at += (stride)) { \
			low = (low + data[at] * (uint64_t)(bits)) % modulus; \
			high = (high + low) % modulus; \
		} \
		return ((high << ((bits) / 2)) ^ low) & MASK(bits); \
	}

FAMILY(adler)
