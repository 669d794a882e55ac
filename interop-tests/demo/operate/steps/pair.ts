import { check } from '../../report.ts'
import type { OperateStep } from '../operate-step.ts'

export const pair: OperateStep = {
  name: 'pair',
  title: 'Each side pins the other',
  why:
    'The two operators told each other their DIDs and fingerprints by telephone. Each adds the other under that ' +
    'fingerprint, and says what the other may call. Everything else stays denied.',
  async run({ story, orga, orgb }) {
    await orgb.json([
      'peer',
      'add',
      orga.did,
      orga.url,
      '--as',
      'orga',
      '--fingerprint',
      orga.fingerprint,
      '--serve',
      'shipments.read',
    ])
    await orga.json([
      'peer',
      'add',
      orgb.did,
      orgb.url,
      '--as',
      'orgb',
      '--fingerprint',
      orgb.fingerprint,
      '--use',
      'shipments.*',
    ])
    const peers = await orga.json<{ alias: string; did: string }[]>(['peer', 'list'])
    check(
      'whom orga knows',
      peers.map(({ alias, did }) => [alias, did]),
      [['orgb', orgb.did]],
    )
    story.done('each knows exactly the other, by DID, key of the log and key of the certificate')
  },
}
