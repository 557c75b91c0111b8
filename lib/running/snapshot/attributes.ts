/** Extended attributes: which of a file's are the container's, and go with a copy. xattr(7) */

const OVERLAY = ['user.overlay.', 'trusted.overlay.'] as const;

/** `names` is what listxattr(2) gives. `isLayer`: overlayfs has notes there, and a lower directory needs some. */
export function copiedAttributes(names: Buffer, isLayer: boolean): readonly string[] {
  return names
    .toString('latin1')
    .split('\0')
    .filter((name) => name !== '' && isCopied(name, isLayer));
}

function isCopied(name: string, isLayer: boolean): boolean {
  const prefix = OVERLAY.find((each) => name.startsWith(each));
  if (prefix === undefined) return /^(user\.|security\.capability$|system\.posix_acl_)/.test(name);
  const own = name.slice(prefix.length);
  // That a directory hides those below it, that it was renamed, and notes of an overlay inside. Others say where a file
  // has come from, or how far it is copied: a lower directory has none. overlayfs of the kernel's documentation
  return isLayer && (own === 'opaque' || own === 'redirect' || own.startsWith('overlay.'));
}
