module example.test/site

go 1.19
