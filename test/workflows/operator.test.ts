import { describe, expect, test } from 'vitest';
import { operatorIn, operatorUpdateId } from '../../workflows/operator.ts';

const id = '0b9c6c5e-6f4b-4a58-9d8e-0f1f0a6b7c8d';

describe(operatorIn.name, () => {
  test('is the person that /ops named', () => {
    const updateId = operatorUpdateId({ name: 'kari.n-1_x', action: 'switch-on', id });
    expect(operatorIn(updateId)).toBe('kari.n-1_x');
  });

  test.each([
    [undefined],
    [''],
    [id],
    ['cancel'],
    [`ops/kari/${id}`],
    [`ops//switch-on/${id}`],
    [`ops/kari/switch-on/${id}/x`],
    [`ops/ka ri/switch-on/${id}`],
    [`ops/kari\n/switch-on/${id}`],
    ['ops/kari/switch-on/1'],
  ])('is nobody in %s', (updateId) => {
    expect(operatorIn(updateId)).toBeNull();
  });
});
