import * as React from 'react';

/** Whether what a component belongs to is seen: what is hidden asks nothing and listens to nothing. */
export const Shown = React.createContext(true);
