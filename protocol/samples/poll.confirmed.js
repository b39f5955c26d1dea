# documented: the long poll as a script: confirmed; the code is made up

window.wx_errcode=405;window.wx_code='061AbcDEF2ghIJ0KlmNo1pQrST3AbcDE';
