/** What the operating system refused, for the person who can change it. */
import type { Fault } from './print.ts'

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this account may not do that; use the account that owns it',
  EPERM: 'this account may not do that; use the account that owns it',
  EDQUOT: 'the quota of this account is used up',
  EEXIST: 'there is something of that name already',
  EISDIR: 'it is a directory',
  ELOOP: 'its links lead in a circle',
  EMFILE: 'too many files are open; raise the limit with: ulimit -n',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'there is no such file or directory',
  ENOSPC: 'the disk is full; make room and try again',
  ENOTDIR: 'a part of the path is not a directory',
  EROFS: 'the file system is read-only',
}

/** @returns undefined for what is no refusal of the operating system over a path */
export function systemFault(error: unknown): Fault | undefined {
  if (!(error instanceof Error)) return undefined
  const { code = '', path, dest } = error as NodeJS.ErrnoException & { dest?: string }
  const reason = reasons[code]
  if (reason === undefined) return undefined
  const where = [path, dest].filter((one) => one !== undefined).join(' -> ')
  return { code: 'system', message: `${where === '' ? '' : `${where}: `}${reason} (${code}).` }
}
