# documented: the long poll as a script: nobody yet

window.wx_errcode=408;window.wx_code='';
