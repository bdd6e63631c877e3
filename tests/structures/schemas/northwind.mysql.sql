-- A trading company: products and who supplies them, customers, orders and who ships them.

CREATE TABLE categories (
  CategoryID INT NOT NULL AUTO_INCREMENT,
  CategoryName VARCHAR(15) NOT NULL,
  Description MEDIUMTEXT,
  Picture LONGBLOB,
  PRIMARY KEY (CategoryID),
  UNIQUE KEY CategoryName (CategoryName)
);

CREATE TABLE suppliers (
  SupplierID INT NOT NULL AUTO_INCREMENT,
  CompanyName VARCHAR(40) NOT NULL,
  ContactName VARCHAR(30) DEFAULT NULL,
  ContactTitle VARCHAR(30) DEFAULT NULL,
  Address VARCHAR(60) DEFAULT NULL,
  City VARCHAR(15) DEFAULT NULL,
  Region VARCHAR(15) DEFAULT NULL,
  PostalCode VARCHAR(10) DEFAULT NULL,
  Country VARCHAR(15) DEFAULT NULL,
  HomePage TEXT,
  PRIMARY KEY (SupplierID),
  KEY CompanyName (CompanyName),
  KEY PostalCode (PostalCode)
);

CREATE TABLE products (
  ProductID INT NOT NULL AUTO_INCREMENT,
  ProductName VARCHAR(40) NOT NULL,
  SupplierID INT DEFAULT NULL,
  CategoryID INT DEFAULT NULL,
  QuantityPerUnit VARCHAR(20) DEFAULT NULL,
  UnitPrice DECIMAL(19,4) DEFAULT 0.0000,
  UnitsInStock SMALLINT DEFAULT 0,
  UnitsOnOrder SMALLINT DEFAULT 0,
  ReorderLevel SMALLINT DEFAULT 0,
  Discontinued BIT(1) NOT NULL DEFAULT b'0',
  StockValue DECIMAL(24,4) AS (UnitPrice * UnitsInStock) VIRTUAL COMMENT 'what lies in the warehouse',
  PRIMARY KEY (ProductID),
  KEY ProductName (ProductName),
  CONSTRAINT FK_Products_Categories FOREIGN KEY (CategoryID) REFERENCES categories (CategoryID),
  CONSTRAINT FK_Products_Suppliers FOREIGN KEY (SupplierID) REFERENCES suppliers (SupplierID),
  CONSTRAINT CK_Products_UnitPrice CHECK (UnitPrice >= 0),
  CONSTRAINT CK_ReorderLevel CHECK (ReorderLevel >= 0),
  CONSTRAINT CK_UnitsInStock CHECK (UnitsInStock >= 0),
  CONSTRAINT CK_UnitsOnOrder CHECK (UnitsOnOrder >= 0)
);

CREATE TABLE customers (
  CustomerID CHAR(5) NOT NULL,
  CompanyName VARCHAR(40) NOT NULL,
  ContactName VARCHAR(30) DEFAULT NULL,
  Address VARCHAR(60) DEFAULT NULL,
  City VARCHAR(15) DEFAULT NULL,
  Region VARCHAR(15) DEFAULT NULL,
  PostalCode VARCHAR(10) DEFAULT NULL,
  Country VARCHAR(15) DEFAULT NULL,
  Phone VARCHAR(24) DEFAULT NULL,
  PRIMARY KEY (CustomerID),
  KEY City (City),
  KEY Region (Region)
);

CREATE TABLE customer_demographics (
  CustomerTypeID CHAR(10) NOT NULL PRIMARY KEY,
  CustomerDesc MEDIUMTEXT
);

CREATE TABLE customer_customer_demo (
  CustomerID CHAR(5) NOT NULL,
  CustomerTypeID CHAR(10) NOT NULL,
  PRIMARY KEY (CustomerID, CustomerTypeID),
  CONSTRAINT FK_Demo_Type FOREIGN KEY (CustomerTypeID) REFERENCES customer_demographics (CustomerTypeID),
  CONSTRAINT FK_Demo_Customer FOREIGN KEY (CustomerID) REFERENCES customers (CustomerID) ON UPDATE CASCADE
);

CREATE TABLE region (
  RegionID INT NOT NULL PRIMARY KEY,
  RegionDescription VARCHAR(50) NOT NULL
);

CREATE TABLE territories (
  TerritoryID VARCHAR(20) NOT NULL PRIMARY KEY,
  TerritoryDescription VARCHAR(50) NOT NULL,
  RegionID INT NOT NULL,
  CONSTRAINT FK_Territories_Region FOREIGN KEY (RegionID) REFERENCES region (RegionID)
);

CREATE TABLE employees (
  EmployeeID INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  LastName VARCHAR(20) NOT NULL,
  FirstName VARCHAR(10) NOT NULL,
  Title VARCHAR(30) DEFAULT NULL,
  TitleOfCourtesy SET('Dr.', 'Mr.', 'Mrs.', 'Ms.') DEFAULT NULL,
  BirthDate DATE DEFAULT NULL,
  HireDate DATE DEFAULT NULL,
  Photo LONGBLOB,
  Notes MEDIUMTEXT NOT NULL,
  ReportsTo INT DEFAULT NULL,
  Salary FLOAT DEFAULT NULL,
  KEY LastName (LastName),
  CONSTRAINT FK_Employees_Employees FOREIGN KEY (ReportsTo) REFERENCES employees (EmployeeID) ON DELETE SET NULL
);

CREATE TABLE employee_territories (
  EmployeeID INT NOT NULL,
  TerritoryID VARCHAR(20) NOT NULL,
  PRIMARY KEY (EmployeeID, TerritoryID),
  FOREIGN KEY (EmployeeID) REFERENCES employees (EmployeeID),
  FOREIGN KEY (TerritoryID) REFERENCES territories (TerritoryID)
);

CREATE TABLE shippers (
  ShipperID INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  CompanyName VARCHAR(40) NOT NULL,
  Phone VARCHAR(24) DEFAULT NULL
);

CREATE TABLE orders (
  OrderID INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  CustomerID CHAR(5) DEFAULT NULL,
  EmployeeID INT DEFAULT NULL,
  OrderDate DATETIME DEFAULT NULL,
  RequiredDate DATETIME DEFAULT NULL,
  ShippedDate DATETIME DEFAULT NULL,
  ShipVia INT DEFAULT NULL,
  Freight DECIMAL(10,4) DEFAULT 0.0000,
  ShipName VARCHAR(40) DEFAULT NULL,
  KEY OrderDate (OrderDate),
  KEY ShippedDate (ShippedDate),
  CONSTRAINT FK_Orders_Customers FOREIGN KEY (CustomerID) REFERENCES customers (CustomerID),
  CONSTRAINT FK_Orders_Employees FOREIGN KEY (EmployeeID) REFERENCES employees (EmployeeID),
  CONSTRAINT FK_Orders_Shippers FOREIGN KEY (ShipVia) REFERENCES shippers (ShipperID)
);

CREATE TABLE order_details (
  OrderID INT NOT NULL,
  ProductID INT NOT NULL,
  UnitPrice DECIMAL(10,4) NOT NULL DEFAULT 0.0000,
  Quantity SMALLINT NOT NULL DEFAULT 1,
  Discount DOUBLE(8,0) NOT NULL DEFAULT 0,
  PRIMARY KEY (OrderID, ProductID),
  CONSTRAINT FK_Order_Details_Orders FOREIGN KEY (OrderID) REFERENCES orders (OrderID),
  CONSTRAINT FK_Order_Details_Products FOREIGN KEY (ProductID) REFERENCES products (ProductID),
  CONSTRAINT CK_Discount CHECK (Discount >= 0 AND Discount <= 1),
  CONSTRAINT CK_Quantity CHECK (Quantity > 0)
);

CREATE VIEW `Alphabetical list of products` AS
SELECT products.*, categories.CategoryName
FROM categories INNER JOIN products ON categories.CategoryID = products.CategoryID
WHERE products.Discontinued = 0;

CREATE VIEW `Order Subtotals` AS
SELECT OrderID, SUM(UnitPrice * Quantity * (1 - Discount) / 100) * 100 AS Subtotal
FROM order_details GROUP BY OrderID;

CREATE VIEW `Orders with Subtotals` AS
SELECT orders.OrderID, orders.OrderDate, s.Subtotal
FROM orders JOIN `Order Subtotals` s ON s.OrderID = orders.OrderID;

CREATE SQL SECURITY INVOKER VIEW `London customers` AS
SELECT * FROM customers WHERE City = 'London' WITH CASCADED CHECK OPTION;

DELIMITER //
CREATE PROCEDURE CustOrderHist(IN AtCustomerID CHAR(5))
BEGIN
  SELECT ProductName, SUM(Quantity) AS TOTAL
  FROM products P
  INNER JOIN order_details OD ON OD.ProductID = P.ProductID
  INNER JOIN orders O ON O.OrderID = OD.OrderID
  WHERE O.CustomerID = AtCustomerID
  GROUP BY ProductName;
END //

CREATE PROCEDURE `Ten Most Expensive Products`()
  COMMENT 'it''s what it says'
BEGIN
  SELECT ProductName AS TenMostExpensiveProducts, UnitPrice FROM products ORDER BY UnitPrice DESC LIMIT 10;
END //
DELIMITER ;
