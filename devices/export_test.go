package devices

// OpenPhoneWith is OpenPhone with another way to open an interface.
var OpenPhoneWith = openPhone
