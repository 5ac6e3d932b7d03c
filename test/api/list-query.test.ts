import { describe, expect, test } from 'vitest';
import { quote, visibilityQuery } from '../../api/list.ts';
import { repeatedMember } from '../../api/request.ts';

describe('quote', () => {
  test.each([
    ['plain', "'plain'"],
    ["a' OR ''='", "'a\\' OR \\'\\'=\\''"],
    ['back\\', "'back\\\\'"],
    ["\\' OR 1=1", "'\\\\\\' OR 1=1'"],
  ])('%s', (value, quoted) => {
    expect(quote(value)).toBe(quoted);
  });
});

describe('visibilityQuery', () => {
  test('asks for charges and their recoveries only', () => {
    expect(visibilityQuery({})).toBe("WorkflowType IN ('terminalCharge', 'recoverCharge')");
  });

  test('keeps what a value says inside its quotes', () => {
    expect(visibilityQuery({ store_id: "x' OR WorkflowType = 'y" })).toBe(
      "WorkflowType IN ('terminalCharge', 'recoverCharge') AND StoreId = 'x\\' OR WorkflowType = \\'y'",
    );
  });

  test('lists what starts and what waits under one value', () => {
    expect(visibilityQuery({ state: 'waiting_for_card' })).toBe(
      "WorkflowType IN ('terminalCharge', 'recoverCharge') AND ChargeState = 'open'",
    );
  });

  test('finds a recovery by when its charge was created, which its record says', () => {
    const at = '2026-11-22T09:15:11.000Z';
    expect(visibilityQuery({ created_after: at, created_before: at })).toBe(
      `WorkflowType IN ('terminalCharge', 'recoverCharge') AND StartTime >= '${at}' AND (StartTime <= '${at}' OR WorkflowType = 'recoverCharge')`,
    );
  });

  test('looks at every charge that may be lost or old', () => {
    expect(visibilityQuery({ state: 'checking', needs_attention: 'true' })).toBe(
      "WorkflowType IN ('terminalCharge', 'recoverCharge') AND (ChargeState = 'checking' OR ExecutionStatus != 'Completed') AND (NeedsAttention IS NOT NULL OR ExecutionStatus != 'Completed')",
    );
  });
});

describe('repeatedMember', () => {
  test.each([
    ['{"a":1,"a":2}', 'a'],
    ['{"a":{"b":1,"b":2}}', 'b'],
    ['[{"a":1},{"a":1,"\\u0061":1}]', 'a'],
    ['{"a":{"a":1},"b":{"a":1}}', null],
    ['{"a":"a\\":1","b":"{\\"b\\":1}"}', null],
    ['["a","a",{"a":["a"]}]', null],
    ['{"a" : 1, "a"\n: 2}', 'a'],
  ])('%s', (text, member) => {
    expect(repeatedMember(text)).toBe(member);
  });
});
