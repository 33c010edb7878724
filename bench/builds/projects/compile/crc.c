/* The remainder of a division by a polynomial, one bit at a time. */
#include "checksums.h"

#define DEFINE(bits, stride) \
	static uint64_t checksum_##bits##_##stride(const unsigned char *data, size_t size) \
	{ \
		const uint64_t polynomial = UINT64_C(0x42f0e1eba9ea3693) & MASK(bits); \
		uint64_t sum = MASK(bits); \
		for (size_t at = 0; at < size; at += (stride)) { \
			sum ^= data[at]; \
			for (int bit = 0; bit < 8; bit++) \
				sum = (sum >> 1) ^ (polynomial & (0 - (sum & 1))); \
		} \
		return ~sum & MASK(bits); \
	}

FAMILY(crc)
