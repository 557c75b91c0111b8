# SPDX-License-Identifier: MIT
# The flags of compiler and linker, for binding.gyp and the Makefile. A list that is named after an architecture is for
# that one alone. Nothing here depends on the directory: node-gyp compiles by relative paths.
{
  'variables': {
    'language_flags': ['-std=gnu17'],
    'warning_flags': [
      '-Wall', '-Wextra', '-Wshadow', '-Wstrict-prototypes', '-Wmissing-prototypes', '-Wvla', '-Wformat=2',
    ],
    'common_flags': [
      '-O2',
      # Fortified functions are glibc's alone.
      '-U_FORTIFY_SOURCE',
      # Automatic variables start as zero: nothing stale reaches a kernel structure.
      '-ftrivial-auto-var-init=zero',
      '-fstack-clash-protection',
      # One section for each function: the linker leaves out what nobody calls.
      '-ffunction-sections', '-fdata-sections',
      # Nobody unwinds, and the compiler's name is not part of what it makes.
      '-fno-asynchronous-unwind-tables', '-fno-unwind-tables', '-fno-ident',
    ],
    'link_flags': [
      # No needed library, hence no versioned symbols: the process that loads the addon has a libc, whichever it is.
      '-nostdlib', '-nodefaultlibs',
      '-s', '-Wl,--gc-sections', '-Wl,--build-id=none', '-Wl,--fatal-warnings', '-Wl,-z,noexecstack',
    ],
    # Only code can be executed.
    'link_flags_x64': ['-Wl,-z,separate-code'],
    # Pages of arm64 may be 64 KiB, and so would be the gaps: code shares them with constants.
    'link_flags_arm64': ['-Wl,-z,noseparate-code'],

    # The launcher has no libc, which also keeps the canary of the stack.
    'launcher_language_flags': ['-ffreestanding'],
    'launcher_flags': [
      '-fno-pie', '-fno-stack-protector', '-fno-strict-aliasing',
      # No memset() made of a call to memset().
      '-fno-tree-loop-distribute-patterns',
    ],
    'launcher_flags_x64': ['-fcf-protection=none'],
    # No helpers from libgcc.
    'launcher_flags_arm64': ['-mno-outline-atomics'],
    'launcher_link_flags': ['-static', '-no-pie'],

    'addon_flags': ['-fPIC', '-fvisibility=hidden', '-fstack-protector-strong'],
    'addon_link_flags': ['-Wl,-z,relro', '-Wl,-z,now', '-Wl,--hash-style=gnu'],
  },
}
