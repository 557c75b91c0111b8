# SPDX-License-Identifier: MIT
# The launcher, and the addon that carries it. scripts/addon.ts builds them by prebuildify, over node-gyp.
{
  'includes': ['flags.gypi'],
  'variables': {'werror%': 0},
  # There is no C++: the C compiler links, and nobody needs g++.
  'make_global_settings': [['LINK', '$(CC.target)']],
  'target_defaults': {
    # Node's flags differ from release to release, and so would the bytes. None of them is left here.
    'cflags/': [['exclude', '.']],
    'defines/': [['exclude', '.']],
    'include_dirs/': [['exclude', '.']],
    'ldflags/': [['exclude', '.']],
    # Ours are in lists of which Node has nothing.
    'cflags_c': ['<@(language_flags)', '<@(common_flags)', '<@(warning_flags)'],
    'libraries': ['<@(link_flags)', '<@(link_flags_<(target_arch))'],
    'conditions': [['werror==1', {'cflags_c': ['-Werror']}]],
  },
  'targets': [
    {
      'target_name': 'launcher',
      'type': 'executable',
      # The order of the files is that of their functions: it is the same in every locale.
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
