// SPDX-License-Identifier: MIT
// Steps in a running container, which a server performs: which function performs which.
// Made by scripts/dispatch.ts from lib/plan/steps.ts. Do not edit.
#include "serve.h"

// NOLINTNEXTLINE(readability-function-size)
struct outcome serve_dispatch(struct server *server, const struct record *record)
{
	switch (record->op) {
	case STEP_OPEN:
		return serve_open(server, (const struct step_open *)record);
	case STEP_CLOSE:
		return serve_close(server, (const struct step_close *)record);
	case STEP_PREAD:
		return serve_pread(server, (const struct step_pread *)record);
	case STEP_PWRITE:
		return serve_pwrite(server, (const struct step_pwrite *)record);
	case STEP_SENDFILE:
		return serve_sendfile(server, (const struct step_sendfile *)record);
	case STEP_FTRUNCATE:
		return serve_ftruncate(server, (const struct step_ftruncate *)record);
	case STEP_FSTAT:
		return serve_fstat(server, (const struct step_fstat *)record);
	case STEP_STAT:
		return serve_stat(server, (const struct step_stat *)record);
	case STEP_GETDENTS:
		return serve_getdents(server, (const struct step_getdents *)record);
	case STEP_MKDIRAT:
		return serve_mkdirat(server, (const struct step_mkdirat *)record);
	case STEP_UNLINKAT:
		return serve_unlinkat(server, (const struct step_unlinkat *)record);
	case STEP_RENAMEAT:
		return serve_renameat(server, (const struct step_renameat *)record);
	case STEP_LINKAT:
		return serve_linkat(server, (const struct step_linkat *)record);
	case STEP_SYMLINKAT:
		return serve_symlinkat(server, (const struct step_symlinkat *)record);
	case STEP_READLINKAT:
		return serve_readlinkat(server, (const struct step_readlinkat *)record);
	case STEP_FCHMODAT:
		return serve_fchmodat(server, (const struct step_fchmodat *)record);
	case STEP_FCHOWNAT:
		return serve_fchownat(server, (const struct step_fchownat *)record);
	case STEP_UTIMENSAT:
		return serve_utimensat(server, (const struct step_utimensat *)record);
	case STEP_FACCESSAT:
		return serve_faccessat(server, (const struct step_faccessat *)record);
	case STEP_HAND_OVER:
		return serve_hand_over(server, (const struct step_hand_over *)record);
	case STEP_TAKE_OVER:
		return serve_take_over(server, (const struct step_take_over *)record);
	case STEP_MKNODAT:
		return serve_mknodat(server, (const struct step_mknodat *)record);
	case STEP_COPY_RANGE:
		return serve_copy_range(server, (const struct step_copy_range *)record);
	case STEP_LIST_XATTR:
		return serve_list_xattr(server, (const struct step_list_xattr *)record);
	case STEP_GET_XATTR:
		return serve_get_xattr(server, (const struct step_get_xattr *)record);
	case STEP_COPY_XATTR:
		return serve_copy_xattr(server, (const struct step_copy_xattr *)record);
	case STEP_LOCK:
		return serve_lock(server, (const struct step_lock *)record);
	case STEP_SOCKET:
		return serve_socket(server, (const struct step_socket *)record);
	case STEP_CONNECT_TCP:
		return serve_connect_tcp(server, (const struct step_connect_tcp *)record);
	case STEP_CONNECT_UNIX:
		return serve_connect_unix(server, (const struct step_connect_unix *)record);
	case STEP_BIND_TCP:
		return serve_bind_tcp(server, (const struct step_bind_tcp *)record);
	case STEP_BIND_UNIX:
		return serve_bind_unix(server, (const struct step_bind_unix *)record);
	case STEP_LISTEN:
		return serve_listen(server, (const struct step_listen *)record);
	}
	__builtin_trap();
}
