import type { Attack } from '../attack.ts'

export const rewrite: Attack = {
  name: 'rewrite',
  title: 'rewrites its history',
  why: 'Another policy was in force, says the log now: one entry of its own is changed, and everything behind it is linked, hashed and signed anew.',
  plan: () => ({
    edit: (entry) =>
      entry.type === 'policy.loaded' ? { ...entry, ext: { ...entry.ext, hash: 'A'.repeat(43) } } : entry,
  }),
}
