// Counts calls of malloc and its kin in a process that loads this by LD_PRELOAD, and in its
// children. The count is the first 8 bytes of the file that MALLOC_COUNT_FILE names, which the
// harness reads whenever it likes.
//
// built by bench/setup.py: gcc -O2 -shared -fPIC
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* old, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

static _Atomic uint64_t before_file;
static _Atomic uint64_t* calls = &before_file;

__attribute__((constructor)) static void open_file(void) {
  const char* path = getenv("MALLOC_COUNT_FILE");
  if (path == NULL) return;
  const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, sizeof before_file) != 0) return;
  void* at = mmap(NULL, sizeof before_file, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (at != MAP_FAILED) calls = at;
}

static void count(void) { atomic_fetch_add_explicit(calls, 1, memory_order_relaxed); }

void* malloc(size_t size) {
  count();
  return __libc_malloc(size);
}

void* calloc(size_t number, size_t size) {
  count();
  return __libc_calloc(number, size);
}

void* realloc(void* old, size_t size) {
  count();
  return __libc_realloc(old, size);
}

void* memalign(size_t alignment, size_t size) {
  count();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void** result, size_t alignment, size_t size) {
  *result = memalign(alignment, size);
  return *result == NULL ? ENOMEM : 0;
}
