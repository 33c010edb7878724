/* Prints every checksum of what it reads. */
#include <inttypes.h>
#include <stdio.h>

#include "checksums.h"

static const struct family *const families[] = {&adler, &crc, &fletcher, &fnv, &murmur, &pearson};

int main(void)
{
	static unsigned char data[1 << 16];
	const size_t size = fread(data, 1, sizeof data, stdin);

	for (size_t at = 0; at < sizeof families / sizeof *families; at++)
		for (int member = 0; member < WIDTHS * STRIDES; member++)
			printf("%s-%d-%d %012" PRIx64 "\n", families[at]->name, member / STRIDES + 1, member % STRIDES + 1,
			       families[at]->members[member](data, size));
	return 0;
}
