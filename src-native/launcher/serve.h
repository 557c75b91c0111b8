// SPDX-License-Identifier: MIT
// Steps in a running container, which a server performs: one function a step.
// Made by scripts/dispatch.ts from lib/plan/steps.ts. Do not edit.
#pragma once
#include "server.h"

// Performs the step that `record` is of; plan_check has seen that it is one of these.
struct outcome serve_dispatch(struct server *server, const struct record *record);

struct outcome serve_open(struct server *server, const struct step_open *step);
struct outcome serve_close(struct server *server, const struct step_close *step);
struct outcome serve_pread(struct server *server, const struct step_pread *step);
struct outcome serve_pwrite(struct server *server, const struct step_pwrite *step);
struct outcome serve_sendfile(struct server *server, const struct step_sendfile *step);
struct outcome serve_ftruncate(struct server *server, const struct step_ftruncate *step);
struct outcome serve_fstat(struct server *server, const struct step_fstat *step);
struct outcome serve_stat(struct server *server, const struct step_stat *step);
struct outcome serve_getdents(struct server *server, const struct step_getdents *step);
struct outcome serve_mkdirat(struct server *server, const struct step_mkdirat *step);
struct outcome serve_unlinkat(struct server *server, const struct step_unlinkat *step);
struct outcome serve_renameat(struct server *server, const struct step_renameat *step);
struct outcome serve_linkat(struct server *server, const struct step_linkat *step);
struct outcome serve_symlinkat(struct server *server, const struct step_symlinkat *step);
struct outcome serve_readlinkat(struct server *server, const struct step_readlinkat *step);
struct outcome serve_fchmodat(struct server *server, const struct step_fchmodat *step);
struct outcome serve_fchownat(struct server *server, const struct step_fchownat *step);
struct outcome serve_utimensat(struct server *server, const struct step_utimensat *step);
struct outcome serve_faccessat(struct server *server, const struct step_faccessat *step);
struct outcome serve_hand_over(struct server *server, const struct step_hand_over *step);
struct outcome serve_take_over(struct server *server, const struct step_take_over *step);
struct outcome serve_mknodat(struct server *server, const struct step_mknodat *step);
struct outcome serve_copy_range(struct server *server, const struct step_copy_range *step);
struct outcome serve_list_xattr(struct server *server, const struct step_list_xattr *step);
struct outcome serve_get_xattr(struct server *server, const struct step_get_xattr *step);
struct outcome serve_copy_xattr(struct server *server, const struct step_copy_xattr *step);
struct outcome serve_lock(struct server *server, const struct step_lock *step);
struct outcome serve_socket(struct server *server, const struct step_socket *step);
struct outcome serve_connect_tcp(struct server *server, const struct step_connect_tcp *step);
struct outcome serve_connect_unix(struct server *server, const struct step_connect_unix *step);
struct outcome serve_bind_tcp(struct server *server, const struct step_bind_tcp *step);
struct outcome serve_bind_unix(struct server *server, const struct step_bind_unix *step);
struct outcome serve_listen(struct server *server, const struct step_listen *step);
