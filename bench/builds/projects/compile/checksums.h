/* Six families of checksums, each compiled for every width from 1 to 48 and every stride from 1 to 3: work for a compiler. */
#ifndef CHECKSUMS_H
#define CHECKSUMS_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t checksum(const unsigned char *data, size_t size);

struct family {
	const char *name;
	checksum *const *members;
};

extern const struct family adler, crc, fletcher, fnv, murmur, pearson;

#define WIDTHS 48
#define EACH_WIDTH(F) \
	F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) \
	F(9) F(10) F(11) F(12) F(13) F(14) F(15) F(16) \
	F(17) F(18) F(19) F(20) F(21) F(22) F(23) F(24) \
	F(25) F(26) F(27) F(28) F(29) F(30) F(31) F(32) \
	F(33) F(34) F(35) F(36) F(37) F(38) F(39) F(40) \
	F(41) F(42) F(43) F(44) F(45) F(46) F(47) F(48)

#define STRIDES 3
#define DEFINE_EACH(bits) DEFINE(bits, 1) DEFINE(bits, 2) DEFINE(bits, 3)
#define MEMBERS(bits) checksum_##bits##_1, checksum_##bits##_2, checksum_##bits##_3,

/* A file defines DEFINE(bits, stride), one function, and then its family. */
#define FAMILY(title) \
	EACH_WIDTH(DEFINE_EACH) \
	static checksum *const members[WIDTHS * STRIDES] = {EACH_WIDTH(MEMBERS)}; \
	const struct family title = {#title, members};

#define MASK(bits) (((uint64_t)1 << (bits)) - 1)

#endif
