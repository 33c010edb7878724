/* Fletcher's sums over blocks of bytes. */
#include "checksums.h"

#define DEFINE(bits, stride) \
	static uint64_t checksum_##bits##_##stride(const unsigned char *data, size_t size) \
	{ \
		uint64_t sums[4] = {0}; \
		for (size_t at = 0; at < size; at += (stride)) { \
			sums[at / (stride) % 4] += data[at]; \
			for (int row = 1; row < 4; row++) \
				sums[row] = (sums[row] + sums[row - 1]) & MASK(bits); \
		} \
		return (sums[0] ^ sums[1] << 1 ^ sums[2] << 2 ^ sums[3] << 3) & MASK(bits); \
	}

FAMILY(fletcher)
