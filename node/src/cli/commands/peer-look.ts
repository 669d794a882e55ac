import { userInfo } from 'node:os'
import type { KnownPeer, PeerInfo } from '@hansa/protocols'
import type { Command } from 'commander'
import { accountPerson } from '../account-person.ts'
import type { Cli } from '../cli.ts'
import { failed } from '../errors.ts'
import { fingerprint } from '../fingerprint.ts'
import { facts, table, time } from '../table.ts'

export function peerRemoveCommand(cli: Cli): Command {
  return cli
    .command('remove', {
      summary: 'forget a kernel, what it offers and the rules for it',
      examples: ['hansa peer remove orgb'],
    })
    .argument('<peer>', 'alias or DID')
    .action(
      cli.action(async ({ home, print, args: [who] }) => {
        const { controlClient } = await import('../control-client.ts')
        const { peerRulesPath, removePeerRules } = await import('../peer-rules-file.ts')
        await using client = await controlClient(home)
        const removed = await client.call('removePeer', { who, by: accountPerson(userInfo().username) })
        const file = peerRulesPath(home, removed.alias ?? '')
        const rules = removed.alias === undefined ? 'none' : await removePeerRules(file)
        if (rules === 'removed') await client.call('reloadPolicy', {})
        print.result({ ...removed, rules }, (style) => {
          const words = {
            none: '',
            removed: ` Its rules in ${file} are removed too.`,
            kept: ` Its rules in ${file} were changed by hand and stay; remove them yourself.`,
          }
          return `${style.name(removed.alias ?? removed.did)} is forgotten: nothing of it is callable.${words[rules]}`
        })
        return undefined
      }),
    )
}

export function peerListCommand(cli: Cli): Command {
  return cli.command('list', { summary: 'list the kernels that are known', examples: ['hansa peer list'] }).action(
    cli.action(async ({ home, print }) => {
      const { controlClient } = await import('../control-client.ts')
      await using client = await controlClient(home)
      const [known, imported] = [await client.call('knownPeers', {}), await client.call('peers', {})]
      const peers = known.map((peer) => ({ ...peer, state: stateOf(peer, imported) }))
      print.result(peers, (style) => {
        if (peers.length === 0) return 'No kernel is known. Add one with: hansa peer add DID URL'
        const rows = peers.map(({ alias, state, source, clearance, standing, did }) => [
          style.name(alias ?? '-'),
          state === 'blocked' || state === 'expired' ? style.bad(state) : state,
          source,
          clearance.join(' ') || '-',
          String(standing),
          did,
        ])
        return table(style, ['alias', 'state', 'known by', 'clearance', 'standing', 'did'], rows)
      })
      return undefined
    }),
  )
}

export function peerShowCommand(cli: Cli): Command {
  return cli
    .command('show', {
      summary: 'show what is known of a kernel, and what it changed',
      examples: ['hansa peer show orgb', 'hansa peer show did:key:z6Mk… --json'],
    })
    .argument('<peer>', 'alias or DID')
    .action(
      cli.action(async ({ home, print, args: [who] }) => {
        const { controlClient } = await import('../control-client.ts')
        await using client = await controlClient(home)
        const known = await client.call('knownPeers', {})
        const peer = known.find(({ did, alias, imports }) => [did, alias, ...imports].includes(String(who)))
        if (peer === undefined) throw failed(`No peer is known as ${who}. See whom there is with: hansa peer list`)
        const imported = (await client.call('peers', {})).filter(({ did }) => did === peer.did)
        const offered = (await client.call('capabilities', {})).filter((one) => one.peer === peer.did)
        const shown = { ...peer, fingerprint: fingerprint(peer.did), imported, capabilities: offered }
        print.result(shown, (style) => {
          const head = facts(style, [
            ['peer', style.name(peer.alias ?? peer.did)],
            ['did', peer.did],
            ['fingerprint', style.bold(shown.fingerprint)],
            ['known by', peer.by === undefined ? peer.source : `${peer.by}, ${time(peer.since ?? 0)}`],
            ['clearance', peer.clearance.join(', ') || 'none'],
            ['standing', `${peer.standing}${peer.sameOwner ? ', same owner' : ''}`],
            ['score', peer.score === undefined ? undefined : `${peer.score}, ${peer.tier?.replace('_', ' ')}`],
            ['delegation', peer.delegation === true ? 'chains may pass between it and this node' : undefined],
            ...imported.map(
              ({ endpoint, trustPolicy, state, expires }) =>
                ['endpoint', `${endpoint}, ${trustPolicy}, ${state}, manifest until ${time(expires)}`] as const,
            ),
          ])
          const lines = offered.map(
            ({ ref, state, reason }) =>
              `  ${style.name(ref)}  ${state === 'available' ? state : style.bad(state)}${reason === undefined ? '' : `: ${reason}`}`,
          )
          return lines.length === 0
            ? `${head}\nNothing of it is imported.`
            : [head, 'Capabilities:', ...lines].join('\n')
        })
        return undefined
      }),
    )
}

function stateOf({ did }: KnownPeer, imported: readonly PeerInfo[]): string {
  const states = imported.filter((one) => one.did === did).map(({ state }) => state)
  return states.find((state) => state !== 'ok') ?? states[0] ?? 'not imported'
}
