import { createContext, useContext } from "react";

/** The nonce of the content security policy. Browsers hide it from the page, so in the browser it is "". */
export const NonceContext = createContext("");
export const useNonce = () => useContext(NonceContext);
