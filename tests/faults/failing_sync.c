/* Loaded before libc: while the file FAIL_SYNC_ONCE names is there, the next synchronisation of a
 * write-ahead log fails with EIO, and what was not yet synchronised is gone, as after a write-back
 * error of the kernel. It removes that file: the one after it succeeds, which tells nothing. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static off_t synced = 0; /* bytes of the log that are on disk for certain */

static int is_log(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n < 4) return 0;
    path[n] = 0;
    return strcmp(path + n - 4, "-wal") == 0;
}

static int synchronise(int fd, const char *name) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (!is_log(fd)) return real(fd);
    const char *trigger = getenv("FAIL_SYNC_ONCE");
    if (trigger && access(trigger, F_OK) == 0) {
        unlink(trigger);
        if (ftruncate(fd, synced) != 0) abort();
        errno = EIO;
        return -1;
    }
    struct stat found;
    if (fstat(fd, &found) != 0) abort();
    synced = found.st_size;
    return real(fd);
}

int fsync(int fd) { return synchronise(fd, "fsync"); }
int fdatasync(int fd) { return synchronise(fd, "fdatasync"); }
