import type { Attack } from '../attack.ts'

export const truncation: Attack = {
  name: 'truncation',
  title: 'cuts the end off',
  why: 'The last third of the log never was, with every checkpoint over it. What is left is whole.',
  plan: (entries) => {
    const end = Math.floor((entries.length * 2) / 3)
    return { edit: (entry) => (entry.seq < end ? entry : undefined) }
  },
}
