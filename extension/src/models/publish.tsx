import * as React from 'react';

import { failureOf } from '../core/answer';
import { IContext } from '../core/context';
import { IModelCard, IPublished, ModelArgs, publishModel } from './api';

/** A field and a button that make a model the next version of a name; what came of it is said beside them. */
export function Publish({
  context: { trans },
  args,
  model,
  onDone
}: {
  context: IContext;
  args: ModelArgs;
  model: IModelCard;
  onDone: () => void;
}): JSX.Element {
  const [name, setName] = React.useState('');
  const [isBusy, setIsBusy] = React.useState(false);
  const [made, setMade] = React.useState<IPublished | null>(null);
  const [failure, setFailure] = React.useState('');
  const publish = async (): Promise<void> => {
    setIsBusy(true);
    setMade(null);
    setFailure('');
    try {
      setMade(await publishModel(args, name.trim()));
      onDone();
    } catch (error) {
      setFailure(failureOf(error).message);
    }
    setIsBusy(false);
  };
  if (!model.is_kept) {
    return (
      <p className="tb-Remark">
        {trans.__('Only what this model looks like is kept, not the model: it can’t be loaded or published.')}
      </p>
    );
  }
  return (
    <form
      className="tb-Publish"
      onSubmit={event => {
        event.preventDefault();
        void publish();
      }}
    >
      <input
        className="tb-Input"
        value={name}
        placeholder={trans.__('Name to publish by')}
        aria-label={trans.__('Name to publish the model by')}
        onChange={event => setName(event.target.value)}
      />
      <button className="jp-mod-styled tb-Button" type="submit" disabled={isBusy || name.trim() === ''}>
        {trans.__('Publish')}
      </button>
      <span role="status" className="tb-mod-quiet">
        {isBusy && trans.__('Publishing…')}
        {made && trans.__('It is version %1 of %2.', made.version, made.name)}
      </span>
      {failure && (
        <span role="alert" className="tb-Publish-failure">
          {failure}
        </span>
      )}
    </form>
  );
}
