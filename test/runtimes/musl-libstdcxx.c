// SPDX-License-Identifier: MIT
// What Debian's libstdc++.a wants of glibc, for a libstdc++.so.6 beside musl.
//
// It is just enough for a runtime that was built for musl to start.

char __libc_single_threaded = 0;

// Seeds the hashes of std::random_device alone.
unsigned arc4random(void)
{
	return 4;
}

// Not found: the unwinder then asks dl_iterate_phdr(), which musl has.
int _dl_find_object(void *address, void *result)
{
	(void)address;
	(void)result;
	return -1;
}
