// SPDX-License-Identifier: MIT
// The launcher: waits for requests on a socket and forks a supervisor for each. It must hold nothing else, ever.
#pragma once

// Serves requests on descriptor 3 until its other end is closed. With `--once`: performs the plan in descriptor 3.
int launcher_main(int argc, const char *const *argv);
