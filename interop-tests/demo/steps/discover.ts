import type { DiscoveredPeer, DiscoverInit } from '@hansa/protocols'
import { short } from '../layout.ts'
import { check, DemoError, type DemoReport } from '../report.ts'
import type { Scene, Step } from '../scene.ts'

export const discover: Step = {
  title: 'orga discovers orgb, twice',
  why:
    'A manifest says who a kernel is, what it offers and where its log is, and is signed by that kernel. So it does not ' +
    'matter who handed it over: the registry needs no trust.',
  async run(scene) {
    const { registry, orgb } = scene
    const listed = await find(scene, 'registry', { registryUrl: registry.url })
    const asked = await find(scene, 'peer_url', { peerUrls: [orgb.endpoint] })
    check('the registry and orgb itself hand out the same manifest', listed.signed.jws, asked.signed.jws)
    remember(scene, 'orgb', asked.signed)
    remember(scene, 'orga', await scene.orga.client.advertise())
    scene.story.note('Both answers are the same bytes, and the signature fits the DID.')
  },
}

async function find(
  scene: Scene,
  by: DemoReport['discovered'][number]['by'],
  init: DiscoverInit,
): Promise<DiscoveredPeer> {
  const { story, orga, orgb, report } = scene
  const where = by === 'registry' ? 'in the registry' : 'by its URL'
  story.doing(`looking for orgb ${where}`)
  const started = performance.now()
  const { peers, faults } = await orga.client.discoverPeers(init)
  const ms = performance.now() - started
  check(`looking ${where}: sources that failed`, faults, [])
  const found = peers.find(({ did }) => did === orgb.did)
  if (found === undefined) throw new DemoError({ code: 'not_as_expected', what: where }, `orgb was not found ${where}.`)
  const { seq, capabilities } = found.signed.manifest
  report.discovered.push({ by, did: found.did, seq })
  story.done(`found ${where}: ${short(found.did)}, manifest ${seq}, ${capabilities.length} capabilities`, ms)
  return found
}

function remember({ manifests }: Scene, who: 'orga' | 'orgb', { jws, manifest }: DiscoveredPeer['signed']): void {
  manifests.set(who, { jws, logKey: manifest.logs[0]?.vkey ?? '' })
}
