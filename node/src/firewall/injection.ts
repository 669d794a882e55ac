/**
 * Markers of instructions to a model inside data. They only ever add a mark: their absence proves nothing, so nothing is
 * ever called clean on their account (security.md B7, stage 7).
 */
import type { Detector } from './detector.ts'
import { byPattern } from './pattern-detector.ts'
import { traits } from './traits.ts'

function marker(name: string, pattern: RegExp): Detector {
  return byPattern({ rule: `injection.${name}`, means: 'marker', needs: traits.marker }, pattern)
}

export const injectionDetectors: readonly Detector[] = [
  marker('override', /\b(?:ignore|disregard|forget|override|bypass)\b[^.\n]{0,40}\b(?:instructions?|prompts?)\b/gi),
  marker('new_instructions', /\b(?:new|updated|additional|real|actual) (?:system )?instructions?\s{0,2}:/gi),
  marker('system_prompt', /\b(?:system|developer|hidden|initial) prompt\b/gi),
  marker('role_change', /\byou are (?:now|no longer)\b/gi),
  marker('chat_markup', /<\|[a-z_]{2,24}\|?>|<\/?(?:system|instructions?)>|<\/(?:assistant|user)>|\[\/?INST\]/gi),
  marker('secrecy', /\bdo not (?:tell|inform|mention|mind)\b[^.\n]{0,40}\b(?:user|human|anyone|operator)\b/gi),
  // A picture whose address carries data out as soon as something renders it.
  marker('image_beacon', /!\[[^\]\n]{0,80}\]\(https?:\/\/[^)\s?]{1,200}\?[^)\s]{1,500}\)/gi),
]
