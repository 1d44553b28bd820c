// The address held the token; the cookie holds it now. What stood behind the # stays.
location.replace(`/${location.hash}`);
