import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from 'commander'
import { caseIdOf } from '../case-id.ts'
import type { Cli } from '../cli.ts'
import { failed } from '../errors.ts'
import { counted, table } from '../table.ts'

export function caseProofCommand(cli: Cli): Command {
  return cli
    .command('proof', {
      summary: 'write the proofs of a case as files that anybody can verify',
      description:
        'Writes what convicts the subject of a case by itself: the two histories of a log, or two signed manifests of one number. Who has the file and the keys of that kernel checks it without this node and without a network: hansa verify FILE. A case that persons opened has no such proof; the entries that it names are proven by hansa audit proof.',
      examples: [
        'hansa case proof 2f6oYQwqv1mWm1Kc8xLh0g',
        'hansa case proof 2f6oYQwqv1mWm1Kc8xLh0g --out ./evidence --json',
      ],
    })
    .argument('<id>', 'as shown by: hansa case list')
    .option('--out <directory>', 'where the files are written; none of them may exist', '.')
    .action(
      cli.action<{ out: string }>(async (invocation) => {
        const { home, print, options } = invocation
        const { ask } = await import('../control-client.ts')
        const id = caseIdOf(invocation)
        const proofs = await ask(home, 'caseProofs', { id })
        if (proofs.length === 0)
          throw failed(`Case ${id} has no proof that convicts by itself. See: hansa case show ${id}`)
        const files: { kind: string; hash: string; file: string }[] = []
        for (const { kind, hash, text } of proofs) {
          const file = join(options.out, `${kind}-${hash.slice(0, 8)}.json`)
          await writeFile(file, text, { flag: 'wx', mode: 0o644 })
          files.push({ kind, hash, file })
        }
        print.result({ case: id, files }, (style) => {
          const rows = files.map(({ kind, file }) => [style.bold(kind), style.name(file)])
          return `${table(style, ['proof', 'file'], rows)}\n${counted(files.length, 'proof')}. Check one with: hansa verify FILE`
        })
        return undefined
      }),
    )
}
