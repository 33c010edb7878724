/* Words of eight bytes, multiplied and rotated as Murmur does. */
#include "checksums.h"

#define DEFINE(bits, stride) \
	static uint64_t checksum_##bits##_##stride(const unsigned char *data, size_t size) \
	{ \
		uint64_t sum = size * (bits); \
		for (size_t at = 0; at + 8 <= size; at += 8 * (stride)) { \
			uint64_t word = 0; \
			for (int byte = 0; byte < 8; byte++) \
				word |= (uint64_t)data[at + byte] << (8 * byte); \
			word *= UINT64_C(0x87c37b91114253d5); \
			word = (word << 31) | (word >> 33); \
			sum = (sum ^ word) * 5 + UINT64_C(0x52dce729); \
		} \
		sum = (sum ^ (sum >> 33)) * UINT64_C(0xff51afd7ed558ccd); \
		return (sum ^ (sum >> (bits))) & MASK(bits); \
	}

FAMILY(murmur)
