# SPDX-License-Identifier: MIT
# The launcher, and the addon that carries it, for scripts/addon.ts: prebuildify, over node-gyp, with nothing but a C compiler.
{
  'includes': ['flags.gypi'],
  'variables': {'werror%': 0},
  # There is no C++: what compiles links as well.
  'make_global_settings': [['LINK', '$(CC.target)']],
  'target_defaults': {
    # Node's own flags differ from release to release, and so would what they make. None is left, and these are in lists that Node leaves alone.
    'cflags/': [['exclude', '.']],
    'defines/': [['exclude', '.']],
    'include_dirs/': [['exclude', '.']],
    'ldflags/': [['exclude', '.']],
    'cflags_c': ['<@(language_flags)', '<@(common_flags)', '<@(warning_flags)'],
    'libraries': ['<@(link_flags)', '<@(link_flags_<(target_arch))'],
    'conditions': [['werror==1', {'cflags_c': ['-Werror']}]],
  },
  'targets': [
    {
      'target_name': 'launcher',
      'type': 'executable',
      # In the same order everywhere, which is the order of their functions.
      'sources': ['<!@(LC_ALL=C ls launcher/*.c)'],
      'cflags_c': ['<@(launcher_language_flags)', '<@(launcher_flags)', '<@(launcher_flags_<(target_arch))'],
      'libraries': ['<@(launcher_link_flags)'],
    },
    {
      'target_name': 'carrel',
      'dependencies': ['launcher'],
      'sources': ['<!@(LC_ALL=C ls addon/*.c)', 'addon/launcher.S'],
      'cflags_c': [
        '<@(addon_flags)',
        '-isystem', '<(node_root_dir)/include/node',
        '-DLAUNCHER_PATH="<(PRODUCT_DIR)/launcher"',
      ],
      'libraries': ['<@(addon_link_flags)'],
    },
  ],
}
