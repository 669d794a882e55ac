import type { Attack } from '../attack.ts'

export const fork: Attack = {
  name: 'fork',
  title: 'keeps two histories',
  why: 'The other side goes on with the true log; whoever comes to audit is shown another one of the same length.',
  plan: () => ({
    edit: (entry) =>
      entry.type === 'manifest.published' ? { ...entry, ext: { ...entry.ext, hash: 'A'.repeat(43) } } : entry,
  }),
  against: 'kept checkpoint',
}
