/** The steps of the scene, in order. */

import type { OperateStep } from './operate-step.ts'
import { agentCalls } from './steps/agent-calls.ts'
import { approveOne } from './steps/approve-one.ts'
import { exportEvidence } from './steps/export-evidence.ts'
import { install } from './steps/install.ts'
import { offer } from './steps/offer.ts'
import { pair } from './steps/pair.ts'
import { restart } from './steps/restart.ts'
import { start } from './steps/start.ts'
import { verifyPair } from './steps/verify-pair.ts'

export const steps: readonly OperateStep[] = [
  install,
  offer,
  start,
  pair,
  agentCalls,
  approveOne,
  exportEvidence,
  restart,
  verifyPair,
]
