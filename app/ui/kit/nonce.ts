import { createContext, useContext } from "react";

/** The nonce of the content security policy. Browsers hide it, so it is "" there. */
export const NonceContext = createContext("");
export const useNonce = () => useContext(NonceContext);
