/* SPDX-License-Identifier: MIT
 * timenode/file.h - whole small files: read, replace durably, look for
 *
 * The only I/O of libtimenode (lib/sys). These calls block on the disk: not for
 * the event loop.
 */
#ifndef TIMENODE_FILE_H
#define TIMENODE_FILE_H

#include "timenode/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The whole file and a NUL behind it, in memory from malloc that the caller frees;
 * *n is the size without the NUL. 0, TN_ENOENT, TN_EBAD (more than `limit` bytes),
 * TN_ENOMEM, TN_EIO (also for a directory); on failure *out is NULL.
 */
TN_API int tn_file_read(const char *path, size_t limit, char **out, size_t *n,
			struct tn_error *err);

/* Replaces the file as one step: a new file beside it with the given mode (umask not
 * applied), fsync, rename, fsync of the directory. After 0 the content survives a power
 * cut; after TN_EIO or TN_ENOMEM the old file is still there as it was, or, if only the
 * last fsync failed, the new one is and may not survive.
 */
TN_API int tn_file_write(const char *path, const void *p, size_t n, unsigned mode,
			 struct tn_error *err);

/* The same for a name that is not there yet: TN_EBUSY if anything has it, also if it came
 * while the file was written, and that is left as it is.
 */
TN_API int tn_file_create(const char *path, const void *p, size_t n, unsigned mode,
			  struct tn_error *err);

#ifdef __cplusplus
}
#endif
#endif
