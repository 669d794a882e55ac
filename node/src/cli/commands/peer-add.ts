import type { Command } from 'commander'
import {
  type Admission,
  admissionOptions,
  admit,
  admittedText,
  askSame,
  checkPatterns,
  findKernel,
  pinnedRefs,
} from '../admit-peer.ts'
import type { Cli } from '../cli.ts'
import { usage } from '../errors.ts'
import { fingerprint } from '../fingerprint.ts'

export function peerAddCommand(cli: Cli): Command {
  const command = cli
    .command('add', {
      summary: 'pin a kernel, vouch for it, and say what may be called',
      description:
        'Finds the kernel at URL, checks that it is DID, and shows a fingerprint to compare with its operator over another channel. Then it is known here: its identity, the key of its log, its endpoint and its capabilities are pinned, and rules can name it as peer:ALIAS. Its certificate needs no certificate authority: its manifest names the key. Without URL it is known and can call; nothing of it is callable. What may be called has to be said, with --serve and --use; everything else stays denied.',
      examples: [
        'hansa peer add did:key:z6Mk… https://kernel.orgb.example --use reports.read',
        'hansa peer add did:key:z6Mk… https://kernel.orga.example --as orga --serve reports.read --fingerprint "a7c5 c777 231c 3016 1fa8 5e6e c2de 2b60"',
        'hansa peer add did:key:z6Mk… --as field-agent --serve shipments.*',
      ],
    })
    .argument('<did>', 'who it is, as its operator told you')
    .argument('[url]', 'base URL at which it is reached')
  return admissionOptions(command).action(
    cli.action<Admission>(async (invocation) => {
      const { home, options, args, print } = invocation
      const [did, url] = args as [string, string | undefined]
      const { isDid } = await import('@hansa/protocols')
      if (!isDid(did))
        throw usage(`"${did}" is not a DID, such as did:key:z6Mk…; its operator sees it with: hansa status`)
      await checkPatterns(options)
      const { controlClient } = await import('../control-client.ts')
      await using client = await controlClient(home)
      const found = url === undefined ? undefined : await findKernel(client, url, did)
      await askSame(invocation, did, await client.call('status', {}))
      const admitted = await admit(invocation, client, did, found)
      const { known, rules } = admitted
      const shown = { ...known, fingerprint: fingerprint(did), capabilities: pinnedRefs(known, found), ...rules }
      print.result(shown, (style) => admittedText(style, admitted, found).join('\n'))
      return rules.reload?.ok === false ? 1 : undefined
    }),
  )
}
