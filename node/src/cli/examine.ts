/** What a node depends on, looked at one by one from outside. Nothing is changed. */
import type { KernelStatus } from '@hansa/protocols'
import { type Environment, type NodeConfig, readConfig } from '../config/index.ts'
import { hasNode } from '../home/has-node.ts'
import { type HomePaths, homePaths } from '../home/home-paths.ts'
import { sentenceOf } from '../start/errors.ts'
import { checkedPolicies } from '../start/preflight.ts'
import { type Check, fail, ok } from './check.ts'
import { ask } from './control-client.ts'
import { backupCheck, homeChecks, writableCheck } from './examine-home.ts'
import { hostChecks } from './examine-host.ts'
import { issuerChecks } from './examine-issuers.ts'
import { fileLimitCheck } from './examine-limits.ts'
import { logChecks } from './examine-log.ts'
import { controlCheck, peerChecks, portCheck, reachChecks, registryChecks } from './examine-network.ts'
import { tlsChecks } from './examine-tls.ts'
import { webhookChecks } from './examine-webhook.ts'
import { counted } from './table.ts'

/** In the order in which they build on each other; each is looked at even when another failed. */
export async function examine(home: string, environment: Environment): Promise<Check[]> {
  const paths = homePaths(home)
  if (!(await hasNode(home))) {
    return [fail('home', `there is no node in ${home}`, `Make one with: hansa init --home ${home}`)]
  }
  const status = await ask(home, 'status', {}).catch(() => undefined)
  const config = await readConfig(paths.config, environment).then(
    (value) => ({ value, check: ok('configuration', paths.config) }),
    (error: unknown) => ({
      value: undefined,
      check: fail('configuration', sentenceOf(error), `Correct ${paths.config}`),
    }),
  )
  return [
    ...(await homeChecks(paths)),
    config.check,
    ...(config.value === undefined ? [] : await configuredChecks(paths, config.value, status)),
    controlCheck(home, status),
    ...(await logChecks(paths, status, config.value)),
    ...(await fileLimitCheck()),
    await backupCheck(paths),
  ]
}

async function configuredChecks(
  paths: HomePaths,
  config: NodeConfig,
  status: KernelStatus | undefined,
): Promise<Check[]> {
  return [
    await policyCheck(config),
    await writableCheck(paths, config),
    await portCheck(config, status),
    ...(await tlsChecks(config)),
    ...(await webhookChecks(config)),
    ...(await issuerChecks(config)),
    ...(await reachChecks(config, status)),
    ...(await registryChecks(config)),
    ...(await hostChecks(paths, config, status)),
    ...(status === undefined ? [] : await peerChecks(paths.root, config)),
  ]
}

async function policyCheck({ policies }: NodeConfig): Promise<Check> {
  const checked = await checkedPolicies(policies)
  if (!checked.ok)
    return fail('policies', checked.faults.join('\n'), 'Correct them; check with: hansa policy check FILE')
  return ok('policies', counted(policies.length, 'file'))
}
