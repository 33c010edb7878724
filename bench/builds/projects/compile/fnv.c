/* Fowler, Noll and Vo's multiply and exclusive or, folded to a width. */
#include "checksums.h"

#define DEFINE(bits, stride) \
	static uint64_t checksum_##bits##_##stride(const unsigned char *data, size_t size) \
	{ \
		uint64_t sum = UINT64_C(0xcbf29ce484222325); \
		for (size_t at = 0; at < size; at += (stride)) \
			sum = (sum ^ data[at]) * UINT64_C(0x100000001b3); \
		for (int fold = 64; fold > (bits); fold -= (bits)) \
			sum = (sum >> (bits)) ^ (sum & MASK(bits)); \
		return sum & MASK(bits); \
	}

FAMILY(fnv)
